// Where things are, relative to the base path. Pages link to these, http/ routes them; nobody writes a path twice.

/** In the address of a page: the language it shall speak. As OpenID Connect names it; tags in order of preference, parted by spaces. */
export const LANGUAGE_PARAMETER = 'ui_locales'

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
  console: '/console',
  consoleSearch: '/console/search',
  consoleFound: '/console/found',
  consolePeople: '/console/people',
  consoleMails: '/console/mails',
  consoleCalibrate: '/console/calibrate',
  consolePolicy: '/console/policy',
  consoleVersions: '/console/versions',
  apiSignIn: '/api/sign-in',
  apiResend: '/api/sign-in/resend',
  apiVerify: '/api/sign-in/verify',
  apiSession: '/api/session',
  apiSessions: '/api/sessions',
} as const
