// Reading a code out of a picture: the browser's own detector where there is one, the packaged decoder elsewhere.

const FORMATS = ["qr_code", "data_matrix", "code_128", "code_39"];

/** @returns {Promise<(canvas: HTMLCanvasElement) => Promise<?string>>} */
export async function makeDecoder() {
  return (await ownDetector()) ?? packagedDecoder();
}

async function ownDetector() {
  if (!("BarcodeDetector" in window)) return null;
  const known = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!known.includes("qr_code")) return null;
  const detector = new window.BarcodeDetector({ formats: FORMATS.filter((format) => known.includes(format)) });
  return async (canvas) => (await detector.detect(canvas).catch(() => []))[0]?.rawValue ?? null;
}

/** The decoder that comes with a package of the portal (ZXing); loaded when it is needed. */
export async function packagedDecoder() {
  await import("/gate/offline/zxing.js");
  const { BinaryBitmap, DecodeHintType, GlobalHistogramBinarizer, HybridBinarizer, MultiFormatReader, BarcodeFormat, RGBLuminanceSource } = globalThis.ZXing;
  const hints = new Map([
    [DecodeHintType.POSSIBLE_FORMATS, [BarcodeFormat.QR_CODE, BarcodeFormat.DATA_MATRIX, BarcodeFormat.CODE_128, BarcodeFormat.CODE_39]],
    [DecodeHintType.TRY_HARDER, true],
  ]);
  const reader = new MultiFormatReader();
  reader.setHints(hints);
  return async (canvas) => {
    const { data, width, height } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    const grey = new Uint8ClampedArray(width * height);
    for (let at = 0; at < grey.length; at++) grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 150 + data[4 * at + 2] * 29) >> 8;
    const source = new RGBLuminanceSource(grey, width, height);
    for (const Binarizer of [HybridBinarizer, GlobalHistogramBinarizer]) { // the one for uneven light, then the one for clean print
      try {
        return reader.decode(new BinaryBitmap(new Binarizer(source))).getText();
      } catch {
        reader.reset(); // no code was found this way
      }
    }
    return null;
  };
}
