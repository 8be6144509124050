// SPDX-License-Identifier: MIT
import libgreenlet from './index.js';

export const { go, wait, sleep, all, race } = libgreenlet;
