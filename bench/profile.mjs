// Where the time of a sign-in goes: Postkey under load, profiled while steady, the dearest functions first. Says what a change is
// worth before it is made, and whether it was afterwards.
//   node bench/profile.mjs [--scenario start|code|link|session] [--engine sqlite|postgres] [--seconds 6] [--top 40] [--save FILE.cpuprofile]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measure, startAll } from './measure.mjs'
import { postkey } from './servers.mjs'

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'code' },
    connections: { type: 'string', default: '64' },
    engine: { type: 'string', default: 'sqlite' },
    seconds: { type: 'string', default: '6' },
    top: { type: 'string', default: '40' },
    dist: { type: 'string' },
    save: { type: 'string' },
  },
})

const { load, servers, stopAll } = await startAll({ postkey: postkey(values.dist) }, values.engine)
try {
  const { scenario } = values
  const connections = Number(values.connections)
  await measure(load, servers.postkey, { scenario, connections, seconds: 5 })
  const during = { start: () => servers.postkey.ask('profileStart'), stop: () => servers.postkey.ask('profileStop') }
  const result = await measure(load, servers.postkey, { scenario, connections, seconds: Number(values.seconds), during })
  if (values.save) writeFileSync(values.save, JSON.stringify(result.during))
  print(result)
} finally {
  await stopAll()
}
process.exit(0)

function print({ during: profile, perSecond, cpuEach }) {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const self = new Map()
  let idle = 0
  profile.samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = byId.get(id).callFrame
    const us = profile.timeDeltas[index]
    if (functionName === '(idle)') idle += us
    else {
      const name = `${functionName || '(anonymous)'} ${place(url, lineNumber)}`
      self.set(name, (self.get(name) ?? 0) + us)
    }
  })
  const total = profile.timeDeltas.reduce((sum, us) => sum + us, 0)
  const count = (perSecond * total) / 1e6
  const rows = [...self].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top))
  console.log(
    `${perSecond.toFixed(0)} /s, ${cpuEach.toFixed(0)} µs of CPU each (profiler included), ${((100 * idle) / total).toFixed(0)} % idle`,
  )
  console.log('wall µs each, waiting for the disk included')
  for (const [name, us] of rows) console.log(`${(us / count).toFixed(1).padStart(8)}  ${name}`)
}

function place(url, line) {
  if (url === '') return ''
  return `${url.replace(/^.*\/(?=dist|bench|node_modules|[^/]+\/[^/]+$)/, '')}:${line + 1}`
}
