import { describe, expect, test } from 'vitest'
import { readChallenge } from '../../../../src/drivers/sources/oci/challenge.js'

describe('a challenge', () => {
  const bearer = (parts: object) => ({ scheme: 'bearer', service: null, scope: null, ...parts })
  test.each([
    [
      'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
      bearer({ realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' }),
    ],
    ['bearer realm=https://a/t , service=s', bearer({ realm: 'https://a/t', service: 's' })],
    ['Basic realm="b", Bearer realm="https://a/t"', bearer({ realm: 'https://a/t' })],
    ['Bearer realm="https://a/t", Basic realm="b"', bearer({ realm: 'https://a/t' })],
    ['Basic realm="b"', { scheme: 'basic' }],
    ['BASIC', { scheme: 'basic' }],
    ['Negotiate', null],
    ['', null],
  ])('%s', (header, expected) => expect(readChallenge(header)).toEqual(expected))
})
