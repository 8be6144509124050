// SPDX-License-Identifier: MIT
import Fiber from './index.js';

export default Fiber;
