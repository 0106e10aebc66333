"""The portal: `create_app`, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask, request, session
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import config as configuration
from config import Settings
from portal import blueprints, navigation
from portal.accounts import gatekeeping, passwords
from portal.emergencies import terms
from portal.evidence import services as evidence_services
from portal.gate import limits
from portal.kernel import assets, clock, crypto, db, files, formats, logs, migrate, web
from portal.kernel.cookies import LastingCookies
from portal.kernel.i18n import known_locale
from portal.network import services as network_services
from portal.oncall import addresses
from portal.operations import requests
from portal.passes import fonts
from portal.passes.documents.style import Bilingual
from portal.reviews import services as review_services
from portal.workorders import notice

ROOT = Path(__file__).resolve().parents[1]


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Raises ConfigurationError when a setting, a key or the database is not fit to start on."""
    settings = settings or configuration.load()
    set_up(settings)
    state = migrate.behind(db.engine())
    if state is not None:
        raise configuration.ConfigurationError(f"the database {state}; run: python -m portal migrate")
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "portal" / "static"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.keys.session,
        SESSION_COOKIE_NAME="__Host-rackpass" if settings.production else f"rackpass-{settings.port}",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
        MAX_CONTENT_LENGTH=(5 * settings.upload_limit_mb + 1) * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=3000,  # a work order of 200 lines has five fields in each
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "portal" / "translations"),
        BABEL_DEFAULT_LOCALE="zh_CN",
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=1),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.session_interface = LastingCookies()
    requests.register(app, settings)
    Babel(app, locale_selector=lambda: known_locale(web.chosen_locale()), timezone_selector=lambda: str(clock.zone()))
    Bootstrap5(app)
    assets.register(app)
    web.register(app, gatekeeping.load_actor)
    CSRFProtect(app)
    formats.register(app)
    gatekeeping.register(app)
    navigation.register(app)
    blueprints.register(app)

    @app.before_request
    def _lasting() -> None:
        if request.blueprint != "operations":  # machines keep no cookie
            session.permanent = True

    return app


def set_up(settings: Settings) -> None:
    """What web, worker and command line share: clock, keys, logs, the areas' settings, engine."""
    clock.configure(settings.timezone, settings.demo_clock_file)
    crypto.configure(settings.keys)
    logs.configure(settings)
    passwords.configure(settings.environment)
    network_services.configure(settings.address_rest_days)
    notice.configure(settings.notice_hours)
    evidence_services.configure(Bilingual(settings.site_name_zh, settings.site_name_en))
    review_services.configure(settings.review_due_days, settings.review_grace_days)
    limits.configure(settings.badge_stay_hours, settings.overstay_repeat_minutes)
    terms.configure(settings.emergency_answer_minutes, settings.emergency_hours)
    addresses.configure(settings.chat_inside_allowed)
    fonts.use(settings.font_cache, settings.font_dir)
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    files.configure(settings.storage_url or (settings.var_dir / "files").as_uri())
    db.configure(db.make_engine(settings.database_url, pool_size=settings.server_threads + 2))
