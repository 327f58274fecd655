import { expect, test } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { checkRwLock, rwLock } from './rwlock.ts';

test.each([
  [
    'readers together',
    'T0 [0,1] lockShared(); T1 [2,3] lockShared(); T0 [4,5] unlockShared(); T1 [6,7] unlockShared()',
  ],
  [
    'a writer after readers',
    'T0 [0,1] lockShared(); T1 [2,5] lockExclusive(); T0 [3,4] unlockShared(); T1 [6,7] unlockExclusive()',
  ],
  [
    'misuse that is refused',
    'T0 [0,1] unlockShared() -> threw(NotOwnerError); T0 [2,3] lockShared(); T0 [4,5] lockExclusive() -> threw(RelockError); T0 [6,7] unlockExclusive() -> threw(NotOwnerError)',
  ],
  [
    'an upgrade and a downgrade',
    'T0 [0,1] lockShared(); T0 [2,3] tryUpgrade() -> true; T0 [4,5] downgrade(); T1 [6,7] lockShared(); T0 [8,9] tryUpgrade() -> false',
  ],
  [
    'a try that fails while another writes',
    'T0 [0,1] lockExclusive(); T1 [2,3] tryLockShared() -> false; T1 [4,5] tryLockExclusive() -> false',
  ],
  [
    'the death of a writer',
    'T0 [0,1] lockExclusive(); T1 [2,3] poison(1) -> true; T1 [4,5] lockShared() -> threw(PoisonedError); T1 [6,7] clearPoison() -> true; T1 [8,9] lockExclusive()',
  ],
  [
    'the death of nobody',
    'T0 [0,1] lockShared(); T1 [2,3] poison(1) -> false; T1 [4,5] clearPoison() -> false',
  ],
  [
    'a thread that waits for a writer who never leaves',
    'T0 [0,1] lockExclusive(); T1 [2,) lockShared(); T2 [3,) lockExclusive()',
  ],
])('accepts %s', (_, text) => {
  expect(checkLinearizable(rwLock(), parseHistory(text)).verdict).toBe('linearizable');
  expect(checkRwLock(parseHistory(text))).toBeUndefined();
});

test.each([
  ['two writers', 'T0 [0,1] lockExclusive(); T1 [2,3] lockExclusive()'],
  ['R3: a writer beside a reader', 'T0 [0,1] lockShared(); T1 [2,3] lockExclusive()'],
  [
    'R2: a share that is given back twice',
    'T0 [0,1] lockShared(); T0 [2,3] unlockShared(); T0 [4,5] unlockShared()',
  ],
  ['R3: an unlock by another', 'T0 [0,1] lockExclusive(); T1 [2,3] unlockExclusive()'],
  ['R4: a second lock that is granted', 'T0 [0,1] lockShared(); T0 [2,3] lockShared()'],
  [
    'an upgrade beside a reader',
    'T0 [0,1] lockShared(); T1 [2,3] lockShared(); T0 [4,5] tryUpgrade() -> true',
  ],
  ['an upgrade that is refused to the only reader', 'T0 [0,1] lockShared(); T0 [2,3] tryUpgrade() -> false'],
  ['a try for the whole that fails at a free lock', 'T0 [0,1] tryLockExclusive() -> false'],
  [
    'R5: a lock that is granted after the death of its writer',
    'T0 [0,1] lockExclusive(); T1 [2,3] poison(1) -> true; T1 [4,5] lockShared()',
  ],
])('rejects %s', (_, text) => {
  expect(checkLinearizable(rwLock(), parseHistory(text)).verdict).toBe('not-linearizable');
  expect(checkRwLock(parseHistory(text))).toContain('not linearizable');
});

test('a number of readers is the most', () => {
  const history = (result: string) =>
    parseHistory(`T0 [0,1] crowd(126); T0 [2,3] lockShared(); T1 [4,5] lockShared()${result}`);
  expect(checkRwLock(history(' -> threw(TooManyThreadsError)'), { most: 127 })).toBeUndefined();
  expect(checkRwLock(history(''), { most: 127 })).toContain('not linearizable');
  expect(checkRwLock(history(''))).toBeUndefined();
});

test('a reader gives up only for a writer that was there', () => {
  const refused = 'T1 [2,5] tryLockShared() -> false';
  expect(checkRwLock(parseHistory(refused))).toContain(
    'T1 was refused a share (tryLockShared) although there was no writer',
  );
  expect(checkRwLock(parseHistory(`T0 [3,4] lockExclusive(); ${refused}`))).toBeUndefined();
  expect(checkRwLock(parseHistory(`T0 [0,1] lockExclusive(); ${refused}`))).toBeUndefined();
  expect(checkRwLock(parseHistory(`T0 [6,7] lockExclusive(); ${refused}`))).toContain(
    'although there was no writer',
  );
  expect(
    checkRwLock(
      parseHistory(
        'T0 [0,1] lockExclusive(); T0 [2,3] unlockExclusive(); T1 [4,5] lockSharedFor(5) -> false',
      ),
    ),
  ).toContain('no writer');
});

test('who may be made to wait anew may give up without a cause', () => {
  const history = parseHistory('T0 [0,1] tryLockExclusive() -> false; T1 [2,3] lockExclusive()');
  expect(checkRwLock(history, { revocable: true })).toBeUndefined();
  expect(checkRwLock(history)).toContain('not linearizable');
});

test('who waits for ever must be right to', () => {
  const stuck = (text: string) => checkRwLock(parseHistory(text), { stuck: true });
  expect(stuck('T0 [0,1] lockExclusive(); T1 [2,) lockShared()')).toBeUndefined();
  expect(stuck('T0 [0,1] lockShared(); T1 [2,) lockShared()')).toContain(
    'an operation never returned although it could have',
  );
  // A reader may wait behind a writer that is right to wait.
  expect(stuck('T0 [0,1] lockShared(); T1 [2,) lockExclusive(); T2 [3,) lockShared()')).toBeUndefined();
  expect(stuck('T0 [0,1] lockShared(); T0 [2,3] unlockShared(); T1 [4,) lockExclusive()')).toContain(
    'an operation never returned',
  );
});
