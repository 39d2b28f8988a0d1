"""Helpers for the notebook series "Handwritten digits, step by step".

The notebooks carry the lesson; this package carries the plumbing: files and their checks, pictures
of digits, training progress, drawing. Every name below is imported when it is first used, so that
``import digits_helpers`` is fast and does not import TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "augmentation": ["augment", "warp"],
        "data": ["DATA", "load_mnist", "load_other_writers", "load_samples", "load_split"],
        "drawing": ["draw_digit", "upload_digit"],
        "evaluation_plots": ["plot_confused_pair", "plot_reliability"],
        "experiments": ["run_experiments"],
        "folders": [
            "check_image_folder",
            "check_submission",
            "write_image_folder",
            "write_submission",
        ],
        "ink": ["find_ink"],
        "models": ["load_reference_model"],
        "pictures": [
            "centre_by_mass",
            "crop_digit",
            "fit_to_box",
            "load_digit_image",
            "open_picture",
            "to_grey",
        ],
        "plotting": [
            "plot_confusion_matrix",
            "plot_digits",
            "plot_history",
            "plot_layers",
            "plot_neurons",
            "plot_probabilities",
            "plot_reading",
            "plot_runs",
            "plot_templates",
            "show",
        ],
        "reading": ["read_digits"],
        "surroundings": ["cut_sheet"],
        "training": ["print_epochs", "progress_bar", "scoreboard"],
    },
)
