// How operations become methods of the store. Whose rows they find there, and when their locks are known, is said here for all of them.
import type { Engine, Locks, Operation, Tx } from './operation.ts'
import { type FoundChallenge, findChallengeWithMails } from './rows.ts'
import type { Scope } from './store.ts'

export function methodsOver(engine: Engine) {
  return {
    /** A look at rows. */
    read:
      <A extends unknown[], T>(run: (tenant: string, ...asked: A) => Operation<T>) =>
      (tenant: string, ...asked: A): Promise<T> =>
        engine.within(tenant).read(() => run(tenant, ...asked)),
    /** A look for which it matters how late it is, or what the limits are. */
    readNow:
      <A extends unknown[], T>(run: (tx: Tx, tenant: string, ...asked: A) => Operation<T>) =>
      (tenant: string, ...asked: A): Promise<T> =>
        engine.within(tenant).read((tx) => run(tx, tenant, ...asked)),
    /** Under locks whose names have to be looked up first. */
    write:
      <I, T>(locks: (scope: Scope, input: I) => Operation<Locks>, run: (tx: Tx, scope: Scope, input: I) => Operation<T>) =>
      (scope: Scope, input: I): Promise<T> =>
        engine.within(scope.tenant).write({ locks: () => locks(scope, input), run: (tx) => run(tx, scope, input) }),
    /** Under locks that the input names. */
    writeNamed:
      <I, T>(locks: (scope: Scope, input: I) => Locks, run: (tx: Tx, scope: Scope, input: I) => Operation<T>) =>
      (scope: Scope, input: I): Promise<T> =>
        engine.within(scope.tenant).write({ locks: locks(scope, input), run: (tx) => run(tx, scope, input) }),
    /** About a challenge: it and its mails are read in the same breath in which the locks are taken. */
    writeFound:
      <I extends { readonly purpose: string; readonly challenge: string }, T>(
        locks: (scope: Scope, input: I) => Operation<Locks>,
        run: (tx: Tx, scope: Scope, input: I, found: FoundChallenge | null) => Operation<T>,
      ) =>
      (scope: Scope, input: I): Promise<T> =>
        engine.within(scope.tenant).write({
          locks: () => locks(scope, input),
          ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
          run: (tx, found) => run(tx, scope, input, found),
        }),
  }
}
