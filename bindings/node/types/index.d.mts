// SPDX-License-Identifier: MIT
export * from './index.js';
import * as greenlet from './index.js';
export default greenlet;
