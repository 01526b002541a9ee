import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assetNamed, describeWanted, patternFor } from '../../../../src/drivers/sources/github/asset-name.js'

const linux = { os: 'linux', arch: 'x64' }
const assets = (...names: string[]) =>
  names.map((name, id) => ({ id, name, size: 1, uploaded: true, digest: null, updatedAt: null }))
const found = (pattern: string, platform: typeof linux, ...names: string[]) =>
  assetNamed(pattern, { version: '1.4.2', tag: 'v1.4.2', platform }, assets(...names))?.name ?? null

describe('the name of an asset', () => {
  test.each([
    ['app_{version}_{os}_{arch}.tgz', linux, 'app_1.4.2_linux_amd64.tgz'],
    ['app_{version}_{os}_{arch}.tgz', linux, 'app_1.4.2_Linux_x86_64.tgz'],
    ['app-{tag}-{arch}-unknown-{os}-musl.tar.gz', linux, 'app-v1.4.2-x86_64-unknown-linux-musl.tar.gz'],
    ['app-{os}-{arch}.zip', { os: 'darwin', arch: 'arm64' }, 'app-macOS-arm64.zip'],
    ['app-{os}-{arch}.zip', { os: 'darwin', arch: 'arm64' }, 'app-Darwin-aarch64.zip'],
    ['app-{os}-{arch}.zip', { os: 'win32', arch: 'ia32' }, 'app-windows-386.zip'],
    ['app-{os}.zip', { os: 'freebsd', arch: 'x64' }, 'app-freebsd.zip'],
    ['app-{arch}.zip', { os: 'linux', arch: 'riscv64' }, 'app-riscv64.zip'],
    ['app.zip', linux, 'app.zip'],
  ])('%s on %j means %s', (pattern, platform, name) => {
    expect(found(pattern, platform, 'SHA256SUMS', name, 'app-plan9-mips.zip')).toBe(name)
  })

  test('is taken in the first spelling, whatever order the release has', () => {
    expect(found('a-{os}-{arch}', linux, 'a-linux-x64', 'a-linux-x86_64', 'a-linux-amd64')).toBe(
      'a-linux-amd64',
    )
  })

  test.each([
    ['app_{version}.tgz', 'app_1.4.20.tgz'],
    ['app_{version}.tgz', 'app_1.4.2.tgz.sig'],
    ['app_{version}.tgz', 'App_1.4.2.tgz'],
    ['app_{version}.tgz', 'app_v1.4.2.tgz'],
    ['app_{os}', 'app_darwin'],
  ])('%s is not %s', (pattern, name) => {
    expect(found(pattern, linux, name)).toBeNull()
  })

  test('is found whatever stands around and in it, and can be read off a name again', () => {
    const part = fc.stringMatching(/^[a-z$.*()+-]{0,6}$/)
    fc.assert(
      fc.property(part, part, fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,3}$/), (before, after, version) => {
        const named = { version, tag: `v${version}`, platform: linux }
        const name = `${before}${version}${after}`
        expect(assetNamed(`${before}{version}${after}`, named, assets('x', name))?.name).toBe(name)
        expect(assetNamed(patternFor(name, named), named, assets('x', name))?.name).toBe(name)
      }),
    )
  })

  test('is described with every spelling', () => {
    const named = { version: '1.4.2', tag: 'v1.4.2', platform: linux }
    expect(describeWanted('a_{version}_{os}_{arch}', named)).toBe('a_1.4.2_linux_(amd64|x86_64|x64)')
  })
})
