// SPDX-License-Identifier: MIT
export * from './async.js';
