"""The Poisson model, fitted by statsmodels: the one module that imports it, and it is imported by name alone."""

from __future__ import annotations

import warnings

import numpy as np
from statsmodels.api import GLM, families
from statsmodels.tools.sm_exceptions import ConvergenceWarning, DomainWarning

from roadlens.calibration.model import Fitted, Floats, Ints
from roadlens.errors import SetupError


def fit(design: Floats, claims: Ints, exposure: Floats, drivers: Ints) -> Fitted:
    """Fit log(expected claims / exposure) = intercept + design x coefficients by maximum likelihood.

    The covariance is the sandwich estimator with one cluster a driver: right also where claims scatter more than
    Poisson's, and where a driver's periods are alike. See `model.Fit` for the arguments.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)  # asked of the result instead
        model = GLM(
            claims,
            np.column_stack([np.ones(len(claims)), design]),
            family=families.Poisson(),
            offset=np.log(exposure),
        )
        result = model.fit(cov_type="cluster", cov_kwds={"groups": drivers})
    if not result.converged or not np.isfinite(result.params).all():
        raise SetupError(
            "The model did not converge: look for a factor that is extreme for a few policies, or leave factors out "
            "with --without."
        )
    return Fitted(
        intercept=float(result.params[0]),
        coefficients=np.asarray(result.params[1:]),
        covariance=np.asarray(result.cov_params())[1:, 1:],
        dispersion=float(result.pearson_chi2 / result.df_resid),
    )
