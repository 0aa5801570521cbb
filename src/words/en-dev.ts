// English: the pages of `postkey dev`. Developers read them, so they have no other language.

export const dev = {
  demo: {
    title: 'Demo',
    hello: 'Hello',
    signedInAs: 'You are signed in as {address}.',
    inside: 'This page stands in for your application.',
    outHeading: 'Sign in without a password',
    out: 'This page stands in for your application. Mails of this demo stay on this machine: read them in the dev inbox.',
    signIn: 'Sign in',
    account: 'Your account',
    signOut: 'Sign out',
    inbox: 'Dev inbox',
  },

  devInbox: {
    title: 'Dev inbox',
    heading: 'Dev inbox',
    intro: 'Mails stay here and go nowhere. Newest first.',
    empty: 'No mail yet. Ask for one on the sign-in page.',
    signIn: 'Sign-in page',
    to: 'To',
    received: 'Received',
    code: 'Code',
    link: 'Link',
    copyCode: 'Copy the code',
    openLink: 'Open the link',
    back: 'All mails',
    html: 'The mail',
    text: 'As plain text',
    headers: 'Headers',
    missing: 'This mail is not here any more.',
  },
} as const
