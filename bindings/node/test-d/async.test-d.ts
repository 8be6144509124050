// SPDX-License-Identifier: MIT
import { expectError, expectType } from 'tsd';
import { all, go, race, sleep, wait } from 'libgreenlet/async';

expectType<Promise<number>>(go(() => 1));
expectType<Promise<number>>(go(() => Promise.resolve(1)));
expectType<Promise<number>>(go(async () => 1, { signal: AbortSignal.abort(), name: 'one', stackSize: 0 }));
expectType<Promise<string>>(go(function* () {
  const text: string = yield wait(Promise.resolve('text'));
  return text;
}));
expectError(go());
expectError(go(1));
expectError(go(() => 1, { unknown: 1 }));

expectType<string>(wait(Promise.resolve('text')));
expectType<string>(wait(Promise.resolve(Promise.resolve('text')), { signal: null }));
expectType<number>(wait(1 as number));
expectType<void>(sleep());
expectType<void>(sleep(1, { signal: new AbortController().signal }));
expectError(sleep('1'));

expectType<[number, string]>(all([Promise.resolve(1), 'text' as string]));
expectType<number[]>(all(new Set([Promise.resolve(1)])));
expectType<number | string>(race([Promise.resolve(1), Promise.resolve('text')]));
