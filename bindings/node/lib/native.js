// SPDX-License-Identifier: MIT
'use strict';
// The addon. It is the same object however often this package is loaded in a thread, so it also keeps what must be there once: classes, the realm.
module.exports = require('node-gyp-build')(require('node:path').dirname(__dirname));
