import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  imageNamePattern,
  parseImageName,
  parsePinned,
  registryOrigin,
  showImage,
  showPinned,
} from '../../../src/drivers/artifacts/image-name.js'
import { digestOfContent } from '../../support/oci-pusher.js'

describe('an image name', () => {
  test.each([
    ['nginx', 'docker.io', 'library/nginx', 'https://registry-1.docker.io'],
    ['acme/app', 'docker.io', 'acme/app', 'https://registry-1.docker.io'],
    ['docker.io/nginx', 'docker.io', 'library/nginx', 'https://registry-1.docker.io'],
    ['index.docker.io/acme/app', 'docker.io', 'acme/app', 'https://registry-1.docker.io'],
    ['ghcr.io/acme/shop/web', 'ghcr.io', 'acme/shop/web', 'https://ghcr.io'],
    ['localhost/app', 'localhost', 'app', 'http://localhost'],
    ['localhost:5000/app', 'localhost:5000', 'app', 'http://localhost:5000'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000', 'app', 'http://127.0.0.1:5000'],
    ['[::1]:5000/app', '[::1]:5000', 'app', 'http://[::1]:5000'],
    ['registry:5000/app', 'registry:5000', 'app', 'https://registry:5000'],
    ['127.0.0.1.example.com/app', '127.0.0.1.example.com', 'app', 'https://127.0.0.1.example.com'],
  ])('%s is at %s the repository %s, asked at %s', (text, registry, repository, origin) => {
    expect(text).toMatch(new RegExp(imageNamePattern))
    expect(parseImageName(text)).toEqual({ registry, repository })
    expect(registryOrigin(registry, undefined)).toBe(origin)
  })

  test('speaks plain HTTP when it is asked to, and TLS with this machine as well', () => {
    expect(registryOrigin('registry.lan:5000', true)).toBe('http://registry.lan:5000')
    expect(registryOrigin('localhost:5000', false)).toBe('https://localhost:5000')
  })

  test.each([
    'nginx:1.27',
    'ghcr.io/acme/app@sha256:0',
    'https://ghcr.io/acme/app',
    'Acme/App',
    '/app',
    'a//b',
    '',
  ])('%j is none', (text) => expect(text).not.toMatch(new RegExp(imageNamePattern)))

  test('is read back from what is shown, with its digest', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    const host = fc.constantFrom('', 'ghcr.io/', 'localhost:5000/', 'docker.io/', '[::1]:80/')
    fc.assert(
      fc.property(
        host,
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.string(),
        (registry, parts, content) => {
          const image = parseImageName(`${registry}${parts.join('/')}`)
          expect(parseImageName(showImage(image))).toEqual(image)
          const pinned = { ...image, digest: digestOfContent(content) }
          expect(parsePinned(showPinned(pinned))).toEqual(pinned)
        },
      ),
    )
  })
})
