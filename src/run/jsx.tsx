// hono/jsx carries what a render knows in an AsyncLocalStorage, for components that await. Up to Node 23 the first use of one puts a
// hook around every promise of the process, which costs 8 % of a sign-in's CPU. Ours never await.
//
// It looks for AsyncLocalStorage once, at the first render. Here that is one of nothing, at a moment when there is none to be found.
// For the stand-alone server only: in a program of others their components would go without it too.

export function renderWithoutAsyncContext(): void {
  const found = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule')
  if (found === undefined || Number.parseInt(process.versions.node, 10) >= 24) return
  Object.defineProperty(process, 'getBuiltinModule', { ...found, value: undefined })
  try {
    String(<p />)
  } finally {
    Object.defineProperty(process, 'getBuiltinModule', found)
  }
}
