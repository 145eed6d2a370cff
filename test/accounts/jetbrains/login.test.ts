import { describe, expect, test } from 'bun:test'
import { beginSignIn, makeAuthorizeUrl, readCallback } from '../../../src/accounts/jetbrains/login.ts'
import { challengeOf } from '../../../src/accounts/pkce.ts'
import { GatewayError } from '../../../src/core/errors.ts'

describe('a sign-in in the browser', () => {
  test('has the challenge of the standard', () => {
    // RFC 7636, appendix B.
    expect(challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
  })

  test('begins at the page with all that it asks for, and what the page has of its own', () => {
    const url = makeAuthorizeUrl({
      login_url: 'https://login.example/oauth/login?theme=dark&state=x',
      client_id: 'ide',
      scope: 'a b',
      redirect_uri: 'http://localhost:5/',
      state: 's',
      challenge: 'c',
    })
    expect(url).toStartWith('https://login.example/oauth/login?')
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      theme: 'dark',
      client_id: 'ide',
      scope: 'a b',
      redirect_uri: 'http://localhost:5/',
      state: 's',
      response_type: 'code',
      code_challenge: 'c',
      code_challenge_method: 'S256',
    })
  })

  test('is another one each time, and keeps its verifier to itself', () => {
    const [one, other] = [beginSignIn('https://x.example', 'http://localhost:1'), beginSignIn('https://x.example', 'http://localhost:1')]
    expect([one.state === other.state, one.verifier === other.verifier]).toEqual([false, false])
    expect(one.verifier).toMatch(/^[0-9A-Za-z]{43,128}$/)
    const { searchParams } = new URL(one.url)
    expect([
      searchParams.get('state'),
      searchParams.get('code_challenge'),
      searchParams.get('client_id'),
      searchParams.get('scope'),
    ]).toEqual([one.state, challengeOf(one.verifier), 'ide', 'openid offline_access r_ide_auth'])
    expect(one.url).not.toContain(one.verifier)
  })

  test('needs a page', () => {
    expect(() => beginSignIn('nowhere', 'http://localhost:1')).toThrow('login_url: is no URL')
  })
})

describe('what the browser brings back', () => {
  test('is the code', () => {
    expect(readCallback('/?code=abc%2Bd&state=s', 's')).toBe('abc+d')
    expect(readCallback('?state=s&code=x', 's')).toBe('x')
  })

  const refused: [target: string, message: string][] = [
    ['/?code=x&state=t', 'the answer from the browser belongs to another sign-in (its state differs); begin anew'],
    ['/?code=x', 'the answer from the browser belongs to another sign-in (its state differs); begin anew'],
    ['/?error=access_denied', 'the answer from the browser belongs to another sign-in (its state differs); begin anew'],
    ['/?error=access_denied&state=s', 'the sign-in was declined in the browser'],
    ['/?error=invalid_scope&error_description=Bad+scope%3A+see+https://x.example&state=s', 'the sign-in failed: Bad scope: see [url]'],
    ['/?error=server_error&state=s', 'the sign-in failed: server_error'],
    ['/?state=s', 'the answer from the browser holds no code; begin anew'],
    ['/?state=s&code=', 'the answer from the browser holds no code; begin anew'],
  ]
  for (const [target, message] of refused) {
    test(`${target} is refused`, () => expect(() => readCallback(target, 's')).toThrow(new GatewayError('authentication', message)))
  }
})
