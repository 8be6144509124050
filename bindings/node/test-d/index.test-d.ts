// SPDX-License-Identifier: MIT
import { expectAssignable, expectError, expectType } from 'tsd';
import greenlet, { Greenlet, GreenletError, GreenletExit, GreenletLocal, carrier, configure, getCurrent, getMain, trace } from 'libgreenlet';
import type { Carrier, GreenletErrorCode, GreenletOptions, GreenletState, TraceEvent } from 'libgreenlet';

const g = new Greenlet((value: number) => 2 * value, { name: 'doubler', parent: getMain(), stackSize: 1 << 21 });
expectType<any>(g.switch(1));
expectType<any>(g.switch());
expectType<any>(g.throw(new Error()));
expectType<any>(g.throw());
expectType<any>(g.kill());
expectType<Greenlet | null>(g.parent);
expectType<GreenletState>(g.state);
expectType<boolean>(g.dead);
expectType<string>(g.name);
g.parent = getCurrent();
expectError((g.parent = null));
expectError((g.dead = true));
expectError((g.name = ''));

new Greenlet(function* (a: string, b: number) {
  const answer: string = yield getMain().switch(a, b);
  return answer;
});
expectError(new Greenlet());
expectError(new Greenlet('no function'));
expectError(new Greenlet(() => {}, { parent: null }));
expectError(new Greenlet(() => {}, { unknown: 1 }));
expectAssignable<GreenletOptions>({});

expectType<Carrier>(carrier);
expectAssignable<Carrier>('generator');
configure({ carrier: 'thread' });
expectError(configure({ carrier: 'other' }));

expectType<() => void>(trace((event, from, to) => {
  expectType<TraceEvent>(event);
  expectType<Greenlet>(from);
  expectType<Greenlet>(to);
}));

expectAssignable<Error>(new GreenletExit());
expectType<GreenletErrorCode>(new GreenletError('GL_ECYCLE').code);
expectType<number | undefined>(new GreenletExit(1).value);

const depth = new GreenletLocal(0);
expectType<number>(depth.get());
depth.set(1, g);
depth.delete();
expectError(depth.set('one'));
expectType<string[]>(new GreenletLocal((): string[] => []).get(g));

expectType<typeof Greenlet>(greenlet.Greenlet);
