package attempts

// callEverything calls each function that a console can reach from the window, but
// those that end the page or wait for a person.
const callEverything = `(() => {
	const not = ['close', 'print', 'alert', 'confirm', 'prompt', 'stop', 'queueMicrotask', 'showModalDialog', 'eval'];
	const seen = new Set([window, document, navigator, history, location]);
	const tryAll = (object, depth) => {
		for (const key of Object.getOwnPropertyNames(object)) {
			let value;
			try { value = object[key]; } catch { continue; }
			if (typeof value === 'function' && !not.includes(key) && !/^[A-Z]/.test(key)) {
				for (const args of [[], ['admitted'], [{state: 'admitted'}]]) { try { Promise.resolve(value.apply(object, args)).catch(() => {}); } catch { } }
			} else if (value && typeof value === 'object' && depth < 2 && !seen.has(value) && !(value instanceof Node)) {
				seen.add(value);
				tryAll(value, depth + 1);
			}
		}
	};
	tryAll(window, 0);
	return null;
})()`

// storeAdmitted writes 'admitted' over everything that a page can keep.
const storeAdmitted = `(() => {
	for (const store of [sessionStorage, localStorage]) {
		for (const key of Object.keys(store)) store.setItem(key, 'admitted');
		for (const key of ['admitted', 'state', 'waitroom', 'waitroom:ROOM:state', 'bypass', 'queue', 'pass']) store.setItem(key, 'admitted');
	}
	for (const name of ['waitroom-pass-ROOM', 'waitroom-ticket-ROOM', 'waitroom-device', 'waitroom-admitted'])
		document.cookie = name + '=admitted; Path=/';
	for (const element of document.querySelectorAll('*')) for (const key of Object.keys(element.dataset)) element.dataset[key] = 'admitted';
	return null;
})()`

// removeOverlays takes the whole waiting page away.
const removeOverlays = `document.querySelectorAll('body *:not(script)').forEach(e => e.remove()); document.body.removeAttribute('hidden'); null`

// insist repeats the enter call, and asks for the protected address in every way that a
// page has.
const insist = `(async () => {
	const all = [];
	for (let i = 0; i < 30; i++) all.push(fetch('/.waitroom/ROOM/enter', {method: 'POST'}));
	for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) all.push(fetch('PAGE', {method}));
	all.push(new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = 'PAGE'; }));
	all.push(new Promise(done => { const s = document.createElement('script'); s.onload = s.onerror = done; s.src = 'PAGE'; document.body.append(s); }));
	all.push(new Promise(done => { const f = document.createElement('iframe'); f.onload = done; f.src = 'PAGE'; document.body.append(f); setTimeout(done, 2000); }));
	navigator.sendBeacon('PAGE', 'admitted');
	await Promise.allSettled(all);
	return null;
})()`

// goThere leaves the page for the protected address, by all ways one after the other.
const goThere = `(() => {
	history.pushState({admitted: true}, '', 'PAGE&pushed=1');
	setTimeout(() => { location.href = 'PAGE&href=1'; }, 0);
	return null;
})()`

// postThere sends a form to the protected address.
const postThere = `(() => {
	const form = document.createElement('form');
	form.method = 'post'; form.action = 'PAGE';
	form.innerHTML = '<input name=admitted value=true><input name=bypass value=true>';
	document.body.append(form);
	form.submit();
	return null;
})()`

// switches are names by which debugging doors, test modes and other waiting rooms have
// been switched off.
const switches = `['bypass', 'bypassQueue', 'TS_BYPASS', 'NetFunnel_ID', 'nfKey', 'queueittoken', 'skip', 'skipQueue', 'noqueue', 'debug', 'test', 'testMode',
	'preview', 'admin', 'admitted', 'allow', 'vip', 'staff', 'monitor', 'healthcheck', 'turn', 'pass', 'token', 'waitroom', 'wr', 'state']`

// switchQueries asks for the address with every switch in its query.
const switchQueries = `Promise.allSettled(` + switches + `.flatMap(name => ['true', '1', 'admitted'].map(v => fetch('PAGE&' + name + '=' + v)))).then(() => null)`

// switchCookies asks for it with every switch as a cookie.
const switchCookies = `(async () => {
	for (const v of ['true', '1']) {
		for (const name of ` + switches + `) document.cookie = name + '=' + v + '; Path=/';
		await fetch('PAGE&cookies=' + v).catch(() => {});
	}
	for (const name of ` + switches + `) document.cookie = name + '=; Path=/; Max-Age=0';
	return null;
})()`

// switchFields asks for it with every switch as a header field.
const switchFields = `Promise.allSettled(` + switches + `.flatMap(name => [name, 'X-' + name].map(field => fetch('PAGE', {headers: {[field.replaceAll('_', '-')]: 'true'}})))).then(() => null)`

// wake makes the page believe that the network is back and that it is looked at.
const wake = `document.dispatchEvent(new Event('visibilitychange')); dispatchEvent(new Event('online')); null`

// workers registers a service worker at every address that an attacker could hope for.
const workers = `(async () => {
	const got = [];
	for (const at of ['PAGE', '/sw.js', '/static/sw.js', '/.waitroom/ROOM/status', '/.waitroom/ROOM/sw.js', '/.waitroom/jwks.json', 'data:text/javascript,0']) {
		try { await navigator.serviceWorker.register(at); got.push(at); } catch { }
	}
	return got;
})()`

// prefetch has the browser fetch an address ahead, by all the means that it has.
const prefetch = `(() => {
	const link = document.createElement('link');
	link.rel = 'prefetch'; link.href = 'PAGE&link=1';
	document.head.append(link);
	const rules = document.createElement('script');
	rules.type = 'speculationrules';
	rules.textContent = JSON.stringify({
		prefetch: [{source: 'list', urls: ['PAGE&prefetch=1'], eagerness: 'immediate'}],
		prerender: [{source: 'list', urls: ['PAGE&prerender=1'], eagerness: 'immediate'}],
	});
	document.head.append(rules);
	return null;
})()`
