/* SPDX-License-Identifier: MIT */
/* Included by two files of one program; as C and as C++. */
#include <greenlet.h>

/* And twice by one. */
#include <greenlet.h>

int version_there(void);
int main(void) { return version_there() != gl_version(); }
