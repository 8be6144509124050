/* SPDX-License-Identifier: MIT */
#include <greenlet.h>

int version_there(void);
int version_there(void) { return GL_VERSION; }
