// SPDX-License-Identifier: MIT
import Fiber = require('./fibers.js');

export default Fiber;
