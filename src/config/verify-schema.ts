/**
 * The schema of `verify:` on a source: how its releases are proven before anything of them is unpacked. The same for
 * every kind of source; which kinds can be asked for which proof, their drivers know. Data only.
 */
import type { JsonSchema } from '../model/schema.js'
import { freeKeyPattern } from './name-patterns.js'

const publishedName = '^[^/\\\\\\s][^/\\\\]*$'

const signature = (example: string, usual: string): JsonSchema => ({
  type: 'string',
  pattern: publishedName,
  description: `The name of the signature beside the file, with {version} where it stands in it; ${usual} unless given.`,
  examples: [example],
})

const minisign: JsonSchema = {
  type: 'object',
  description: 'A minisign signature by this key.',
  examples: [{ publicKeyFile: 'keys/minisign.pub' }],
  properties: {
    publicKey: {
      type: 'string',
      pattern: '^RW[A-Za-z0-9+/]{54}$',
      description: 'The public key: the second line of minisign.pub.',
      examples: ['RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3'],
    },
    publicKeyFile: {
      type: 'string',
      minLength: 1,
      description: 'The file of the public key; a relative path starts at the folder of deploy.yaml.',
      examples: ['keys/minisign.pub'],
    },
    signature: signature('shop-{version}.minisig', 'the name of the file and .minisig'),
    legacy: {
      type: 'boolean',
      default: false,
      description:
        'Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.',
      examples: [true],
    },
  },
  oneOf: [{ required: ['publicKey'] }, { required: ['publicKeyFile'] }],
  additionalProperties: false,
}

const gpg: JsonSchema = {
  type: 'object',
  description: 'An OpenPGP signature by a key of this keyring, checked with gpgv.',
  examples: [{ keyring: 'keys/releases.asc' }],
  properties: {
    keyring: {
      type: 'string',
      minLength: 1,
      description:
        'The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.',
      examples: ['keys/releases.asc'],
    },
    signature: signature('shop-{version}.asc', 'the name of the file and .asc or .sig'),
  },
  required: ['keyring'],
  additionalProperties: false,
}

const sigstore: JsonSchema = {
  type: 'object',
  description: 'A sigstore bundle by this identity, checked offline against a trusted root.',
  examples: [
    {
      identity: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v{version}',
      issuer: 'https://token.actions.githubusercontent.com',
      trustedRoot: 'keys/trusted_root.json',
    },
  ],
  properties: {
    bundle: {
      type: 'string',
      pattern: publishedName,
      description:
        'The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.',
      examples: ['shop-{version}.sigstore.json'],
    },
    identity: {
      type: 'string',
      minLength: 1,
      description:
        'Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.',
      examples: ['https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v{version}'],
    },
    issuer: {
      type: 'string',
      minLength: 1,
      description: 'Who vouched for that identity.',
      examples: ['https://token.actions.githubusercontent.com'],
    },
    trustedRoot: {
      type: 'string',
      minLength: 1,
      description:
        'The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.',
      examples: ['keys/trusted_root.json'],
    },
  },
  required: ['identity', 'issuer', 'trustedRoot'],
  additionalProperties: false,
}

const checksumFile: JsonSchema = {
  type: 'string',
  pattern: publishedName,
  description: 'The name of the file, with {version} where it stands in it.',
  examples: ['SHA256SUMS'],
}

export const verifySchema: JsonSchema = {
  type: 'object',
  description:
    'How a release is proven before anything of it is unpacked. Every proof named here is asked for.',
  minProperties: 1,
  properties: {
    digest: {
      type: 'object',
      description: 'The digest of each version.',
      minProperties: 1,
      patternProperties: {
        [freeKeyPattern]: {},
        '^(?!x-).+$': {
          type: 'string',
          pattern: '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|sha1:[0-9a-f]{40}|git-sha256:[0-9a-f]{64})$',
          description: 'sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.',
        },
      },
      additionalProperties: false,
      examples: [{ '1.4.2': 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }],
    },
    checksums: {
      description:
        'A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.',
      anyOf: [
        checksumFile,
        {
          type: 'object',
          properties: { file: checksumFile, minisign, gpg, sigstore },
          required: ['file'],
          additionalProperties: false,
        },
      ],
      examples: ['SHA256SUMS', { file: 'SHA256SUMS', gpg: { keyring: 'keys/releases.asc' } }],
    },
    minisign,
    gpg,
    sigstore,
    required: {
      type: 'boolean',
      default: true,
      description: 'Whether a release without such a proof is refused. A wrong proof is refused either way.',
      examples: [false],
    },
  },
  additionalProperties: false,
}
