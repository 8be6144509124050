/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdatomic.h>

/* Of the host: 1 once the plugin's constructor runs. */
extern atomic_int constructing;
