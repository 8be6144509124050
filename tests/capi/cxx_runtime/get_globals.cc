// SPDX-License-Identifier: MIT
// For a plugin whose C++ runtime is linked in and hidden: nobody but the plugin itself can name it.
extern "C" void *__cxa_get_globals();
using function = void *();
extern "C" function *get_globals() { return __cxa_get_globals; }
