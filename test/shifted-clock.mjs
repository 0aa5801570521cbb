// Loaded before everything else (--import): the clock of this process is not the machine's. How far off, the parent says: at the
// start by POSTKEY_TEST_CLOCK, later by a message.
const machine = Date
let shift = Number(process.env.POSTKEY_TEST_CLOCK ?? 0)

globalThis.Date = class extends machine {
  constructor(...given) {
    if (given.length === 0) super(machine.now() + shift)
    else super(...given)
  }
  static now() {
    return machine.now() + shift
  }
}

process.on('message', (message) => {
  if (typeof message?.clock !== 'number') return
  shift = message.clock
  process.send({ clockSet: true })
})
