// The part of the port that recovery-store.ts names, over an engine.
import { methodsOver } from './methods.ts'
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

export function recoveryStoreOver(engine: Engine): RecoveryStore {
  const { readNow, write, writeFound } = methodsOver(engine)
  return {
    presentCode: write(presentCodeLocks, presentCode),
    findLiveRecovery: readNow(viewLiveRecovery),
    viewPrepared: readNow(viewPrepared),
    printCodes: write(ownLocks, printCodes),
    askBackup: write(askBackupLocks, askBackup),
    confirmBackup: writeFound(confirmBackupLocks, confirmBackup),
    removeBackup: write(ownLocks, removeBackup),
    startBackup: write(startBackupLocks, startBackup),
    openBackup: writeFound(openBackupLocks, openBackup),
  }
}
