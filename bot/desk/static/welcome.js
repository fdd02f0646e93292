// The token stands behind the #, so it is in no log and no Referer; it goes to the server in the form only.
const form = document.getElementById("check");
if (form) {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (token) {
    form.elements.link.value = token;
    form.submit();
  } else {
    document.getElementById("wait").textContent = "링크가 온전하지 않습니다. 받으신 링크를 처음부터 끝까지 복사해 여시거나 새 링크를 받아 주세요.";
  }
}
