/* SPDX-License-Identifier: MIT */
/* Greenlets whose C++ exceptions interleave over switches. Uses the language alone, so that any C++ runtime will do. */
#pragma once
#ifdef __cplusplus
extern "C" {
#endif
/* How many checks failed; 0 when every greenlet kept its exceptions. */
int interleave(void);
#ifdef __cplusplus
}
#endif
