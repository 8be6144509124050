// SPDX-License-Identifier: MIT
// A plugin that hides its own names and uses greenlet.hpp as the program does.
#include "greenlet.hpp"

#include <stdexcept>
#include <string>

extern "C" __attribute__((visibility("default"))) gl_greenlet *make_greenlet(const char *kind) {
  std::string name = kind;
  if (name == "value") return gl::greenlet([](std::string s) { return s + " and back"; }).detach();
  if (name == "exception") return gl::greenlet([] { throw std::runtime_error("from the plugin"); }).detach();
  return gl::greenlet([] {
           try {
             gl::current().parent().switch_to();
           } catch (...) {}
           gl::current().parent().switch_to();
         })
      .detach();
}
