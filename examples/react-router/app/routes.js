import { index, route } from '@react-router/dev/routes'

export default [
  index('routes/home.jsx'),
  route('private', 'routes/private.jsx'),
  route('private/keys', 'routes/keys.jsx'),
  route('auth/*', 'routes/auth.js'),
]
