// A process that seals a record and kills itself (SIGKILL) at the n-th step: before and after each look, and before and after each seal is
// appended. Product code knows nothing of it: the store is wrapped from outside.
import { readPolicy } from '../dist/core/policy.js'
import { sealClosed } from '../dist/flow/seal.js'
import { keyring } from '../dist/secret.js'
import { openEngine, storeOver } from '../dist/store/open.js'

const { database, at, secret, killAt } = JSON.parse(process.argv[2])
const engine = await openEngine(database, { now: () => at })
const store = storeOver(engine)
let steps = 0

function step() {
  steps++
  if (steps === killAt) process.kill(process.pid, 'SIGKILL')
}

async function between(work) {
  step()
  const result = await work()
  step()
  return result
}

const wrapped = {
  ...store,
  readToSeal: (input) => between(() => store.readToSeal(input)),
  appendSeal: (seal, dropBelow) => between(() => store.appendSeal(seal, dropBelow)),
}
const { policy } = readPolicy('standard')
const log = { event: (name) => process.send({ steps, name }), warn: () => {}, error: () => {} }
await sealClosed({ store: wrapped, tenant: 'default', policy, keys: keyring([secret]), log }, async () => true)
process.send({ steps }, async () => {
  await engine.close()
  process.disconnect()
})
