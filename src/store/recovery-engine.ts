// The part of the port that recovery-store.ts names, over an engine.
import type { Engine } from './operation.ts'
import {
  askBackup,
  askBackupLocks,
  confirmBackup,
  confirmBackupLocks,
  openBackup,
  openBackupLocks,
  removeBackup,
  startBackup,
  startBackupLocks,
} from './recovery-backup.ts'
import { ownLocks, presentCode, presentCodeLocks, printCodes, viewLiveRecovery, viewPrepared } from './recovery-code.ts'
import type { RecoveryStore } from './recovery-store.ts'
import { findChallengeWithMails } from './rows.ts'

export function recoveryStoreOver(engine: Engine): RecoveryStore {
  return {
    presentCode: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => presentCodeLocks(scope, input), run: (tx) => presentCode(tx, scope, input) }),
    findLiveRecovery: (tenant, key) => engine.within(tenant).read((tx) => viewLiveRecovery(tx, tenant, key)),
    viewPrepared: (tenant, user) => engine.within(tenant).read((tx) => viewPrepared(tx, tenant, user)),
    printCodes: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => ownLocks(scope, input), run: (tx) => printCodes(tx, scope, input) }),
    askBackup: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => askBackupLocks(scope, input), run: (tx) => askBackup(tx, scope, input) }),
    confirmBackup: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => confirmBackupLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => confirmBackup(tx, scope, input, found),
      }),
    removeBackup: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => ownLocks(scope, input), run: (tx) => removeBackup(tx, scope, input) }),
    startBackup: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => startBackupLocks(scope, input), run: (tx) => startBackup(tx, scope, input) }),
    openBackup: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => openBackupLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => openBackup(tx, scope, input, found),
      }),
  }
}
