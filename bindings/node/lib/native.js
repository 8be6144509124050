// SPDX-License-Identifier: MIT
'use strict';
const load = require('node-gyp-build');
const path = require('node:path');

/** The addon. It is the same object however often this package is loaded in a thread, so it also keeps what must be there once: classes, the realm. */
function loadAddon() {
  try {
    return load(path.dirname(__dirname));
  } catch (cause) {
    throw new Error('libgreenlet was installed without a binary that works here: run `npm rebuild libgreenlet`, which says what is missing', { cause });
  }
}

module.exports = loadAddon();
