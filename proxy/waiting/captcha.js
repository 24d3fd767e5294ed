(() => {
'use strict';
// Shows the provider's check, takes a place with its token, and loads the page anew; or goes on to where people are verified. Only the
// server decides.
const data = document.currentScript.dataset;
const check = JSON.parse(data.puzzle);
const words = {
  ko: ['확인이 필요합니다', '대기열에 들어가기 전에 아래의 확인을 마쳐 주십시오. 끝나면 자동으로 순번을 받습니다.',
    '확인을 마치지 못했습니다. 잠시 후 자동으로 다시 시도합니다.'],
  en: ['One check, please', 'Before you join the line please complete the check below. You then get your place by itself.',
    'The check did not finish. It is tried again by itself in a moment.']
};
if (data.login) {
  words.ko[1] = '본인 확인을 시작하기 전에 아래의 확인을 마쳐 주십시오. 끝나면 고르신 확인 기관으로 이동합니다.';
  words.en[1] = 'Before you go on to verify who you are please complete the check below. You are then taken to the service that you chose.';
}
const put = (name, text) => document.querySelectorAll('[data-waitroom="' + name + '"]').forEach(element => {
  if (element.textContent !== text) element.textContent = text;
});
let text = 1;
function show() {
  const said = words[document.documentElement.lang === 'en' ? 'en' : 'ko'];
  put('heading', said[0]);
  document.title = document.title.replace(/^.*(?= – )/, said[0]);
  put('text', said[text]);
}
function failed() { text = 2; show(); }

async function join(token) {
  const reply = await fetch(data.login || '/.waitroom/' + encodeURIComponent(data.room) + '/join', {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error',
    headers: {Accept: 'application/json', 'Content-Type': 'application/json', 'Waitroom-Captcha': token},
    body: data.login && JSON.stringify({return: data.return, invite: data.invite})
  });
  if (!reply.ok) throw new Error('refused');
  if (data.login) location.replace((await reply.json()).url);
  else location.reload();
}

function start() {
  setInterval(show, 300);
  show();
  const place = document.createElement('div');
  (document.querySelector('main .card') || document.querySelector('main') || document.body).append(place);
  globalThis.waitroomCaptcha = () => {
    const provider = check.kind === 'hcaptcha' ? globalThis.hcaptcha : globalThis.turnstile;
    provider.render(place, {sitekey: check.sitekey, callback: token => { join(token).catch(failed); }, 'error-callback': failed});
  };
  const script = document.createElement('script');
  script.src = check.script + '?render=explicit&onload=waitroomCaptcha';
  script.async = true;
  script.onerror = failed;
  document.head.append(script);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
})();
