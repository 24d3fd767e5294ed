package page

// ContentSecurityPolicy returns the header's value for a page with that nonce: no asset from elsewhere, no script or
// style without the nonce, no framing, and no text ever made into script (Trusted Types). An own page may show images,
// styles and fonts of the same host, from open paths. The nonce MUST be new for every document, and base64.
func ContentSecurityPolicy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "' 'strict-dynamic'; style-src 'self' 'nonce-" + nonce +
		"'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; " +
		"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// ProviderPolicy is ContentSecurityPolicy for a page that shows a captcha provider's check: its origins may run script,
// be framed, be asked and style. Trusted Types are not demanded, since a provider's script writes as it likes.
func ProviderPolicy(nonce, origins string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "' 'strict-dynamic' " + origins + "; style-src 'self' 'nonce-" + nonce + "' " + origins +
		"; img-src 'self' data: " + origins + "; font-src 'self'; connect-src 'self' " + origins + "; frame-src " + origins +
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
