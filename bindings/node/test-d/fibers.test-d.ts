// SPDX-License-Identifier: MIT
import { expectError, expectType } from 'tsd';
import Fiber = require('libgreenlet/fibers');
import Future = require('libgreenlet/fibers/future');

const fiber = Fiber((start: number) => start + 1);
expectType<number>(fiber.run(1));
expectType<boolean>(new Fiber(() => {}).started);
expectType<number>(fiber.throwInto(new Error()));
expectType<number | undefined>(fiber.reset());
expectType<any>(Fiber.yield());
expectType<any>(Fiber.yield(1));
Fiber.current?.run();
Fiber.poolSize = Fiber.fibersCreated;
expectError((Fiber.fibersCreated = 1));
expectError(Fiber());
const typed: Fiber<number, number> = fiber;
expectType<number>(typed.run());
class Named extends Fiber {}
expectType<any>(new Named(() => {}).run());

const future = new Future<string>();
expectType<string>(future.wait());
expectType<string>(future.get());
future.return('text');
future.throw(new Error());
expectType<boolean>(future.isResolved());
future.resolver()(null, 'text');
future.resolve((error, value) => expectType<string | undefined>(value)).resolve(new Future(), (value) => expectType<string>(value));
expectType<Promise<string>>(future.promise());
future.proxy(new Future<string>());
future.proxyErrors([new Future()]).detach();
Future.wait(future, [future]);
expectType<Future<number>>(Future.task(() => 1));
expectType<Future<any[]>>(Future.task(() => 1, () => 'two'));
expectType<Future<number>>(Future.fromPromise(Promise.resolve(1)));
expectType<any>(Future.wrap({ read(callback: (error: Error | null) => void) { callback(null); } }).readFuture().wait());
expectType<any>(Future.wrap((callback: () => void) => callback())().wait());
expectType<Future<any>>(function () {}.future(true)());
