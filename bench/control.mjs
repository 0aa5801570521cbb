// What a measured server answers to the runner, over the IPC channel of its process: what it has used so far, and a profile of
// itself. The profiler is started and stopped from outside, so that it sees steady load and neither start-up nor warm-up.
import { Session } from 'node:inspector/promises'

/** @param ready what the runner is told of this process, such as its port. */
export function answerRunner({ stop, usage = ownUsage, ...ready }) {
  let session = null
  const answers = {
    usage: () => usage(),
    memory: () => {
      const { rss, heapUsed } = process.memoryUsage()
      return { rss, heapUsed, handles: process.getActiveResourcesInfo().length }
    },
    profileStart: async () => {
      session = new Session()
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 200 })
      await session.post('Profiler.start')
    },
    profileStop: async () => {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return profile
    },
    stop: async () => {
      await stop()
      setImmediate(() => process.exit(0))
    },
  }
  process.on('message', async ({ id, ask }) => {
    try {
      process.send({ id, answer: await answers[ask]() })
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) })
    }
  })
  // The runner is gone: nobody is left to stop us.
  process.on('disconnect', () => process.exit(0))
  process.send({ ready })
}

function ownUsage() {
  const { user, system } = process.cpuUsage()
  return { at: performance.now() * 1_000, cpu: user + system, rss: process.memoryUsage.rss() }
}
