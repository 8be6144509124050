// SPDX-License-Identifier: MIT
import Future from './future.js';

export default Future;
