// The other tabs of this browser, and whether anybody looks at this one. Tabs tell each other only to look again: who is signed in is
// always the server's answer.

export interface Tabs {
  /** Tells the others that something has changed. */
  tell(): void
  /** Calls `look` when another tab says so, when the person is back at this one, and when the network is. Returns how to stop. */
  watch(look: () => void): () => void
}

export function openTabs(name: string): Tabs {
  /** The one that hears, so that a tab does not hear itself. */
  let channel: BroadcastChannel | null = null
  const open = (): BroadcastChannel | null => (typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name))
  return {
    tell: () => {
      const through = channel ?? open()
      through?.postMessage('look')
      if (through !== channel) through?.close()
    },
    watch: (look) => {
      channel = open()
      // Also where nobody looks: the tab in the background shows the right thing when its turn comes.
      if (channel !== null) channel.onmessage = look
      const stop = onReturn(() => isSeen() && look())
      return () => {
        channel?.close()
        channel = null
        stop()
      }
    },
  }
}

/** No document, as on a server or in a native application: always. */
export function isSeen(): boolean {
  return typeof document === 'undefined' || document.visibilityState === 'visible'
}

/** A page rendered ahead of a visit, or in a tab nobody looks at, must not spend anything. */
export function whenSeen(): Promise<void> {
  if (typeof document === 'undefined') return Promise.resolve()
  const page = document as Document & { readonly prerendering?: boolean }
  const events = ['prerenderingchange', 'visibilitychange']
  return new Promise((resolve) => {
    const check = (): void => {
      if (page.prerendering === true || !isSeen()) return
      for (const event of events) page.removeEventListener(event, check)
      resolve()
    }
    for (const event of events) page.addEventListener(event, check)
    check()
  })
}

/** Returns how to stop. */
function onReturn(look: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  document.addEventListener('visibilitychange', look)
  addEventListener('online', look)
  return () => {
    document.removeEventListener('visibilitychange', look)
    removeEventListener('online', look)
  }
}
