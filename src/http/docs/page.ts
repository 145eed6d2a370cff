/** Swagger UI over our own description: one page, with nothing loaded from elsewhere. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Dragoman API</title>
    <link rel="icon" type="image/svg+xml" href="/swagger/favicon.svg">
    <link rel="stylesheet" href="/swagger/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <noscript><p>This page needs JavaScript. The same as data: <a href="/swagger/json">/swagger/json</a>.</p></noscript>
    <script src="/swagger/swagger-ui-bundle.js"></script>
    <script src="/swagger/start.js"></script>
  </body>
</html>
`

/** Starts the page. A file of its own, so that the content security policy need not allow inline scripts. */
export const START = `SwaggerUIBundle({
  url: '/swagger/json',
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
})
`

/** Two facing speech marks: one who speaks for two. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="7" fill="#20324d"/>
  <path d="M6 8h13v9h-7l-4 4v-4H6z" fill="#f2f4f8"/>
  <path d="M26 12v12h-3v4l-4-4h-7v-3h10v-9z" fill="#e0a526"/>
</svg>
`

/**
 * Only our own files, and what Swagger UI cannot do without: styles it writes into the page, and icons inside its style sheet. Nobody
 * may frame the page, because it holds keys.
 */
export const PAGE_HEADERS: Record<string, string> = {
  'content-security-policy': [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
