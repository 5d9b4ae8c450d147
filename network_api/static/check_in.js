// The camera at the door, where the browser reads QR codes by itself (W3C Shape Detection). A code that is read is sent as if
// it had been typed, so nothing here decides anything. Without this script, or such a browser, the field is there.
const camera = document.getElementById("camera");
const view = document.getElementById("view");
const field = document.getElementById("code");
let stream = null;

function close() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
  view.hidden = true;
}

async function read(detector) {
  if (!stream) return;
  const [found] = view.readyState >= 2 ? await detector.detect(view) : [];
  if (found && found.rawValue) {
    close();
    field.value = found.rawValue;
    field.form.requestSubmit();
  } else {
    setTimeout(() => read(detector), 150);
  }
}

async function open() {
  if (stream) return close();
  try {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    view.srcObject = stream;
    view.hidden = false;
    await view.play();
    read(detector);
  } catch {
    close();
    document.getElementById("camera-refused").hidden = false;
  }
}

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  camera.hidden = false;
  camera.addEventListener("click", open);
}
