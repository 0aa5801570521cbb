// Where things are, relative to the base path. Pages link to these, http/ routes them; nobody writes a path twice.

export const paths = {
  signIn: '/sign-in',
  check: '/sign-in/check',
  code: '/sign-in/code',
  resend: '/sign-in/resend',
  switched: '/sign-in/switched',
  link: '/l',
  account: '/account',
  endSession: '/account/sessions/end',
  endOthers: '/account/sessions/end-others',
  signOut: '/sign-out',
  stylesheet: '/assets/postkey.css',
  script: '/assets/postkey.js',
  icon: '/assets/postkey.svg',
  reasons: '/reasons',
  devInbox: '/dev/inbox',
  apiSignIn: '/api/sign-in',
  apiResend: '/api/sign-in/resend',
  apiVerify: '/api/sign-in/verify',
  apiSession: '/api/session',
  apiSessions: '/api/sessions',
} as const
