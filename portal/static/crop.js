// The part of a photo that goes on the badge, chosen in the page. Without this file the server takes the middle.
"use strict";

for (const input of document.querySelectorAll("input[type=file][data-crop]")) {
  const [across, down] = input.dataset.crop.split(":").map(Number);
  const upload = input.closest("[data-upload]");
  let crop = null;

  input.addEventListener("change", () => {
    crop?.remove();
    crop = null;
    const file = input.files[0];
    if (file && file.type.startsWith("image/")) crop = cropper(file);
  });

  // A window of the badge's shape over the picture: dragged with the pointer or the arrow keys, its size set by the slider.
  function cropper(file) {
    const box = make("div", "crop");
    const picture = make("img", "crop-picture");
    const view = make("div", "crop-window");
    const size = make("input", "form-range crop-size");
    const stage = make("div", "crop-stage");
    const fields = ["x", "y", "w", "h"].map((part) => {
      const field = make("input");
      field.type = "hidden";
      field.name = `${input.name}_${part}`;
      box.append(field);
      return field;
    });
    let width = 0, height = 0, x = 0, y = 0; // the window, in the picture's own pixels

    picture.alt = file.name;
    view.tabIndex = 0;
    view.setAttribute("role", "group");
    view.setAttribute("aria-label", input.dataset.cropLabel);
    Object.assign(size, { type: "range", min: "30", max: "100", value: "100" });
    size.setAttribute("aria-label", input.dataset.cropSize);
    stage.append(picture, view);
    box.append(stage, size);
    upload.prepend(box);

    picture.addEventListener("load", () => {
      URL.revokeObjectURL(picture.src);
      resize(0.5, 0.5);
    });
    picture.addEventListener("error", () => box.remove());
    picture.src = URL.createObjectURL(file);

    size.addEventListener("input", () => resize((x + width / 2) / picture.naturalWidth, (y + height / 2) / picture.naturalHeight));
    view.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      view.focus();
      view.setPointerCapture(event.pointerId);
      const scale = picture.naturalWidth / picture.clientWidth;
      const from = { left: x, top: y, x: event.clientX, y: event.clientY };
      const follow = (moved) => place(from.left + (moved.clientX - from.x) * scale, from.top + (moved.clientY - from.y) * scale);
      view.addEventListener("pointermove", follow);
      view.addEventListener("lostpointercapture", () => view.removeEventListener("pointermove", follow), { once: true });
    });
    view.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      place(x + step[0] * picture.naturalWidth / 50, y + step[1] * picture.naturalHeight / 50);
    });

    function resize(middleX, middleY) {
      const largest = Math.min(picture.naturalWidth, picture.naturalHeight * across / down);
      width = largest * size.value / 100;
      height = width * down / across;
      place(middleX * picture.naturalWidth - width / 2, middleY * picture.naturalHeight - height / 2);
    }

    function place(left, top) {
      x = Math.min(Math.max(left, 0), picture.naturalWidth - width);
      y = Math.min(Math.max(top, 0), picture.naturalHeight - height);
      const parts = [x / picture.naturalWidth, y / picture.naturalHeight, width / picture.naturalWidth, height / picture.naturalHeight];
      parts.forEach((part, place) => { fields[place].value = part.toFixed(5); });
      ["left", "top", "width", "height"].forEach((side, place) => { view.style[side] = `${parts[place] * 100}%`; });
    }

    return box;
  }
}

function make(tag, css = "") {
  const element = document.createElement(tag);
  if (css) element.className = css;
  return element;
}
