// Imported first by every door of the test kit: whoever can move the clock and read all mails can be anybody.
export function refuseProduction(): void {
  if (process.env['NODE_ENV'] === 'production')
    throw new Error(
      'postkey/testing does not load where NODE_ENV is "production": whoever can move the clock and read every mail can sign in as anybody. ' +
        'Import it in tests only; tests that need NODE_ENV=production for other code can set it after they have started the kit',
    )
}

refuseProduction()
