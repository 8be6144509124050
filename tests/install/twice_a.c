/* SPDX-License-Identifier: MIT */
/* Included twice, and by two files of one program; as C and as C++. */
#include <greenlet.h>
#include <greenlet.h>

int version_there(void);
int main(void) { return version_there() != gl_version(); }
