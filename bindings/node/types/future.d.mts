// SPDX-License-Identifier: MIT
import Future = require('./future.js');

export default Future;
