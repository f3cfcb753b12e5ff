// <wr-camera>: takes a picture for a box of the page. On a phone the system's own camera does it; elsewhere a dialog
// shows what the camera sees. The picture goes the way of a dropped file; nothing of it is kept in the browser.

const SHARE = 0.92; // of JPEG's quality

class Camera extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.button = this.querySelector('button');
    this.texts = this.dataset;
    this.button.addEventListener('click', () => this.open());
  }

  disconnectedCallback() {
    this.stop();
  }

  async open() {
    if (window.matchMedia('(pointer: coarse)').matches || !navigator.mediaDevices?.getUserMedia) {
      this.choose();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 } } });
    } catch {
      this.tell(this.texts.none);
      return;
    }
    this.stream = stream;
    this.dialog = this.draw();
    this.append(this.dialog);
    const video = this.dialog.querySelector('video');
    video.srcObject = stream;
    this.dialog.addEventListener('close', () => this.stop());
    this.dialog.showModal();
    await video.play();
  }

  draw() {
    const dialog = document.createElement('dialog');
    dialog.className = 'wr-camera-dialog';
    dialog.setAttribute('aria-label', this.texts.title);
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.setAttribute('aria-label', this.texts.sees);
    const take = this.action(this.texts.take, 'wr-main-act', () => this.take(video));
    take.autofocus = true;
    const row = document.createElement('div');
    row.className = 'wr-acts';
    row.append(take, this.action(this.texts.cancel, '', () => dialog.close()));
    dialog.append(video, row);
    return dialog;
  }

  action(text, kind, run) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `wr-act ${kind}`;
    button.textContent = text;
    button.addEventListener('click', run);
    return button;
  }

  take(video) {
    if (!video.videoWidth) return;
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      this.dialog?.close();
      this.hand(new File([blob], this.fileName(), { type: 'image/jpeg' }));
    }, 'image/jpeg', SHARE);
  }

  /** The system's own camera, or a file where there is none. */
  choose() {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = 'image/*';
    input.capture = 'environment';
    input.addEventListener('change', () => [...input.files].forEach((file) => this.hand(file)));
    input.click();
  }

  /** To the box, as if it had been dropped there. */
  hand(file) {
    const transfer = new DataTransfer();
    transfer.items.add(file);
    const box = document.querySelector(`${this.texts.box} .full-container`);
    for (const kind of ['dragenter', 'dragover', 'drop']) {
      box?.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }
    box?.querySelector('textarea')?.focus();
  }

  fileName() {
    const now = new Date();
    const two = (number) => String(number).padStart(2, '0');
    return `camera-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.jpg`;
  }

  tell(text) {
    this.querySelector('[role="status"]').textContent = text;
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.dialog?.remove();
    this.dialog = null;
  }
}

customElements.define('wr-camera', Camera);
