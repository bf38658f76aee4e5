"""The Poisson model, fitted by statsmodels: the one module that imports it, and it is imported by name alone."""

from __future__ import annotations

import warnings

import numpy as np
from statsmodels.api import GLM, families
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from roadlens.calibration.model import Fitted, Floats, Ints
from roadlens.errors import InvalidInput

_IMPOSSIBLE = (
    "The model cannot be fitted: look for a factor that is the same for nearly everybody, or as another one, for an "
    "exposure that cannot be, or for claims that only a few drivers have. Leave factors out with --without, or add "
    "drivers."
)


def fit(design: Floats, claims: Ints, exposure: Floats, drivers: Ints) -> Fitted:
    """Fit log(expected claims / exposure) = intercept + design x coefficients by maximum likelihood.

    The covariance is the sandwich estimator with one cluster a driver: right also where claims scatter more than
    Poisson's, and where a driver's periods are alike. See `model.Fit` for the arguments.

    Raises:
        InvalidInput: no number that could be signed comes of it.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # what they would say is asked of the result
            warnings.simplefilter("error", PerfectSeparationWarning)
            model = GLM(
                claims,
                np.column_stack([np.ones(len(claims)), design]),
                family=families.Poisson(),
                offset=np.log(exposure),
            )
            result = model.fit(cov_type="cluster", cov_kwds={"groups": drivers})
            covariance = np.asarray(result.cov_params())
            fitted = Fitted(
                intercept=float(result.params[0]),
                coefficients=np.asarray(result.params[1:]),
                covariance=covariance[1:, 1:],
                dispersion=float(result.pearson_chi2 / result.df_resid),
            )
    except (ValueError, ZeroDivisionError, PerfectSeparationWarning) as error:  # a LinAlgError is a ValueError
        raise InvalidInput(_IMPOSSIBLE) from error
    numbers = (fitted.intercept, fitted.dispersion, *fitted.coefficients, *fitted.standard_errors)
    if not result.converged or not np.isfinite(numbers).all():
        raise InvalidInput(_IMPOSSIBLE)
    return fitted
