// SPDX-License-Identifier: MIT
// The family tree: who is whose parent, in which state, and who gets an outcome.
//
// The parser switches to the lexer, but the lexer's parent is the compiler: when an exception ends the lexer, it goes there, and
// the parser goes on waiting.
#include <greenlet.hpp>

#include <cstdio>
#include <stdexcept>

static gl::greenlet compiler, parser, lexer, logger;

static const char *name_of(gl_state_code state) {
  static const char *const names[] = {"unstarted", "suspended", "running", "dead"};
  return names[state];
}

static void print_family(gl::ref member, int depth) {
  const char *name = member.parent() ? member.name() : "main";
  std::printf("  %*s%-*s %s\n", 3 * depth, depth ? "+- " : "", 20 - 3 * depth, name, name_of(member.state()));
  for (gl::ref other : {gl::ref(compiler), gl::ref(parser), gl::ref(lexer), gl::ref(logger)})
    if (other.parent() == member) print_family(other, depth + 1);
}

static void show(const char *when) {
  std::puts(when);
  print_family(gl::main_greenlet(), 0);
}

template <class F> static gl::greenlet make(const char *name, gl::ref parent, F body) {
  gl::options options;
  options.name = name;
  options.parent = parent;
  return gl::greenlet(options, body);
}

int main() {
  compiler = make("compiler", gl::current(), [] {
    try {
      parser.switch_to();
    } catch (const std::runtime_error &error) { std::printf("the compiler catches: %s\n", error.what()); }
    return "not compiled";
  });
  parser = make("parser", compiler, [] {
    try {
      lexer.switch_to();
    } catch (const gl::killed &) {
      std::puts("the parser is being killed");
      throw;
    }
  });
  lexer = make("lexer", compiler, [] {
    show("inside the lexer:");
    throw std::runtime_error("line 12: unknown character");
  });
  logger = make("logger", gl::current(), [](const char *line) { std::puts(line); });
  show("made:");

  std::printf("main receives: %s\n", compiler.switch_to<const char *>());
  show("the compiler and the lexer have ended:");

  // The compiler is dead, so the parser's outcome would go to the compiler's parent; say so in the tree.
  parser.set_parent(gl::main_greenlet());
  parser.kill();
  logger.kill(); // never started: it dies without running
  show("the parser moved to main, then the rest was killed:");

  try {
    parser.set_parent(parser);
  } catch (const std::system_error &error) {
    std::printf("refused: %s, %s\n", gl_status_name(error.code().value()), error.code() == GL_ECYCLE ? "as it should be" : error.what());
  }
}
