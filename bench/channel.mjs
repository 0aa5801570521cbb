// How a mail's code gets from a server to the load generator: lines over a Unix socket, all of one turn of the event loop in one
// write. All servers use the same one, so that all pay the same for it.
import { createConnection } from 'node:net'

/** The sending end, for a server. */
export function openChannel(path) {
  const socket = createConnection(path)
  let waiting = ''
  const flush = () => {
    socket.write(waiting, 'latin1')
    waiting = ''
  }
  return {
    /** A server whose link is not made of two parts sends its path and query as the secret. */
    send(email, code, linkId, linkSecret) {
      if (waiting === '') setImmediate(flush)
      waiting += `${email} ${code} ${linkId} ${linkSecret}\n`
    },
    close: () => socket.end(),
  }
}

/** The receiving end of one connection: calls back for each line, whatever pieces it arrives in. */
export function readChannel(socket, onMail) {
  let rest = ''
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const [email, code, linkId, linkSecret] = line.split(' ')
      onMail(email, { code, linkId, linkSecret })
    }
  })
}
